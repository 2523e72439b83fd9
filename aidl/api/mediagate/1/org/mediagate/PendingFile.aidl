// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable PendingFile {
    @utf8InCpp String path;
    long expires;
    ParcelFileDescriptor file;
}
