// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable MediaEvent {
    @utf8InCpp String what;
    @utf8InCpp String path;
    @nullable @utf8InCpp String newPath;
    boolean directory;
    @utf8InCpp String kind;
    long id;
    @utf8InCpp String detail;
}
