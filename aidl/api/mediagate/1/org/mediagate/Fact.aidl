// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable Fact {
    @utf8InCpp String name;
    @utf8InCpp String value;
    @utf8InCpp String source;
}
