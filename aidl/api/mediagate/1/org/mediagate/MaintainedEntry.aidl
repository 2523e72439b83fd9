// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable MaintainedEntry {
    @utf8InCpp String outcome;
    @utf8InCpp String path;
    @nullable @utf8InCpp String newName;
}
