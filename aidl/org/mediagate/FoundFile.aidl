package org.mediagate;

/** A file that the caller may read. */
parcelable FoundFile {
    /** Where it is, relative to the volume. */
    @utf8InCpp String path;
    /** `image`, `video`, `audio`, `playlist`, `subtitle`, `document` or `other`. */
    @utf8InCpp String kind;
    /** `normal`, `pending` or `trashed`. */
    @utf8InCpp String state;
    /** Bytes. */
    long size;
    /** When it was written last, milliseconds since 1970. */
    long modified;
}
