// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable AuditQuery {
    long uid;
    @nullable @utf8InCpp String path;
    boolean denied;
    long after;
    int limit;
}
