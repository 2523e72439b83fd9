// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable AccessRequest {
    long id;
    int uid;
    @utf8InCpp String application;
    @utf8InCpp String access;
    @utf8InCpp String[] paths;
    long asked;
}
