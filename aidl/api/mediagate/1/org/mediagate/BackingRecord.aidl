// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable BackingRecord {
    int backing;
    long node;
    long handles;
    @utf8InCpp String path;
}
