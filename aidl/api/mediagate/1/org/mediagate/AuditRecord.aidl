// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable AuditRecord {
    long id;
    long time;
    int uid;
    @nullable @utf8InCpp String packageName;
    @utf8InCpp String operation;
    @utf8InCpp String path;
    @utf8InCpp String verdict;
    @nullable @utf8InCpp String errno;
    @utf8InCpp String rule;
    long count;
    @nullable @utf8InCpp String context;
}
