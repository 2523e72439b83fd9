package org.mediagate;

/** A lower file that is registered with the kernel for passthrough. */
parcelable BackingRecord {
    /** The kernel's number for it. */
    int backing;
    /** The node that it belongs to. */
    long node;
    /** Handles that use it now. */
    long handles;
    /** Its last known path, relative to the volume. */
    @utf8InCpp String path;
}
