// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable HandleRecord {
    long handle;
    long node;
    int uid;
    int pid;
    @utf8InCpp String mode;
    boolean writes;
    @utf8InCpp String path;
}
