package org.mediagate;

/** One lower directory that is served at one mount point. */
parcelable Volume {
    /** The lower directory. */
    @utf8InCpp String lower;
    /** The mount point. */
    @utf8InCpp String mount;
    /** Whether the kernel takes reads and writes straight to the lower file. */
    boolean passthrough;
    /** Why it does not. */
    @nullable @utf8InCpp String whyNot;
}
