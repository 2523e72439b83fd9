package org.mediagate;

/** One thing that was decided. */
parcelable AuditRecord {
    /** Its number, ascending. */
    long id;
    /** Milliseconds since 1970. */
    long milliseconds;
    /** Who. */
    int uid;
    /** What. */
    @utf8InCpp String operation;
    /** To what. */
    @utf8InCpp String path;
    /** Whether it was allowed. */
    boolean allowed;
    /** The rule that determined it. */
    @utf8InCpp String rule;
}
