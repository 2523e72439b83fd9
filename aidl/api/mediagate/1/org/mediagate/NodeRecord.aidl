// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable NodeRecord {
    long node;
    @utf8InCpp String mount;
    @utf8InCpp String path;
    @utf8InCpp String view;
    long lookupCount;
    long handles;
}
