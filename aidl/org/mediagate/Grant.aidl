package org.mediagate;

/** A permission for one file and one application. */
parcelable Grant {
    /** Its number; never used again. */
    long id;
    /** The application. */
    @utf8InCpp String application;
    /** The row of the file. */
    long media;
    /** Where the file is now, relative to its volume. */
    @utf8InCpp String path;
    /** `read`, `write` or `selected`. */
    @utf8InCpp String access;
    /** When it ends, in seconds since 1970; 0 is never. */
    long expires;
}
