package org.mediagate;

/** One thing that was decided. */
parcelable AuditRecord {
    /** Its number, ascending. */
    long id;
    /** Seconds since 1970. */
    long time;
    /** Who. */
    int uid;
    /** The first package of the uid, where it has one. */
    @nullable @utf8InCpp String packageName;
    /** What. */
    @utf8InCpp String operation;
    /** To what. */
    @utf8InCpp String path;
    /** `full`, `redacted` or `denied`. */
    @utf8InCpp String verdict;
    /** The symbolic errno of a failure. */
    @nullable @utf8InCpp String errno;
    /** The rule that determined it. */
    @utf8InCpp String rule;
    /** How often it was decided so: repetitions of a refusal are counted together. */
    long count;
    /** The caller's SELinux context: of calls of the service through the kernel's driver, where there is SELinux. */
    @nullable @utf8InCpp String context;
}
