// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
import org.mediagate.FoundFile;
parcelable FilePage {
    FoundFile[] files;
    @nullable @utf8InCpp String next;
}
