// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable Transport {
    @utf8InCpp String name;
    @utf8InCpp String address;
    boolean serving;
    @nullable @utf8InCpp String whyNot;
}
