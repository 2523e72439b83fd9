// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable ObserverFilter {
    @utf8InCpp String directory;
    @utf8InCpp String[] kinds;
}
