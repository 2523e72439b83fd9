package org.mediagate;

/** One open file or directory. */
parcelable HandleRecord {
    /** Its number. */
    long handle;
    /** The node that is open. */
    long node;
    /** Who opened it. */
    int uid;
    /** The process that opened it. */
    int pid;
    /** `passthrough`, `filtered`, `served` or `directory`. */
    @utf8InCpp String mode;
    /** Whether it is open for writing. */
    boolean writes;
    /** Its last known path, relative to the volume. */
    @utf8InCpp String path;
}
