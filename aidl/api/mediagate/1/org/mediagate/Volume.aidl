// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable Volume {
    @utf8InCpp String lower;
    @utf8InCpp String mount;
    boolean passthrough;
    @nullable @utf8InCpp String whyNot;
}
