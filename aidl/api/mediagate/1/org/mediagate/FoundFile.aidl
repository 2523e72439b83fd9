// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable FoundFile {
    @utf8InCpp String path;
    @utf8InCpp String kind;
    @utf8InCpp String state;
    long size;
    long modified;
}
