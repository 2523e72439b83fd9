package org.mediagate;

/** A request of an application for access to files, which waits for an answer. */
parcelable AccessRequest {
    /** Its number. */
    long id;
    /** Who asks. */
    int uid;
    /** The application. */
    @utf8InCpp String application;
    /** `read` or `write`. */
    @utf8InCpp String access;
    /** Where the files are now, relative to their volumes; empty for one that is gone. */
    @utf8InCpp String[] paths;
    /** When it was made, seconds since 1970. */
    long asked;
}
