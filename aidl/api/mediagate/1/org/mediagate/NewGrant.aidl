// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable NewGrant {
    @utf8InCpp String application;
    @utf8InCpp String path;
    @utf8InCpp String access;
    long seconds;
}
