// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable Grant {
    long id;
    @utf8InCpp String application;
    long media;
    @utf8InCpp String path;
    @utf8InCpp String access;
    long expires;
}
