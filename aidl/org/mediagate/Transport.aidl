package org.mediagate;

/** A way on which the daemon can be called. */
parcelable Transport {
    /** `rpc` or `kernel`. */
    @utf8InCpp String name;
    /** Where: the socket, or the names that the service manager has. */
    @utf8InCpp String address;
    /** Whether calls arrive there now. */
    boolean serving;
    /** Why none do. */
    @nullable @utf8InCpp String whyNot;
}
