package org.mediagate;

/** A file that was made and that others do not see yet. */
parcelable PendingFile {
    /** Where it is, relative to the volume. */
    @utf8InCpp String path;
    /** When it is removed unless it is published, seconds since 1970. */
    long expires;
    /** The file, for reading and writing. */
    ParcelFileDescriptor file;
}
