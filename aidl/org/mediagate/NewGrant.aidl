package org.mediagate;

/** A grant to be made. */
parcelable NewGrant {
    /** The application. */
    @utf8InCpp String application;
    /** The file: absolute below a mount point, or relative to the root of the shared volume. */
    @utf8InCpp String path;
    /** `read`, `write` or `selected`. */
    @utf8InCpp String access;
    /** How long it holds; 0 is until it is revoked. */
    long seconds;
}
