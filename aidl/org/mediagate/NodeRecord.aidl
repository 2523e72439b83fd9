package org.mediagate;

/** A node: what a kernel inode number of a mount stands for. */
parcelable NodeRecord {
    /** Its number. */
    long node;
    /** The volume's mount point. */
    @utf8InCpp String mount;
    /** Its last known path, relative to the volume. */
    @utf8InCpp String path;
    /** `full` or `redacted`. */
    @utf8InCpp String view;
    /** References that the kernel holds. */
    long lookupCount;
    /** Open handles. */
    long handles;
}
