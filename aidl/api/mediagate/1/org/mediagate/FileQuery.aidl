// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable FileQuery {
    @utf8InCpp String directory;
    @utf8InCpp String[] kinds;
    @utf8InCpp String[] states;
    long since;
    long before;
    @utf8InCpp String after;
    int limit;
}
