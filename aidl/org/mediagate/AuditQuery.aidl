package org.mediagate;

/** Which audit records to answer; a field that is null does not restrict. */
parcelable AuditQuery {
    /** Of this uid; -1 does not restrict. */
    long uid;
    /** About this path or what lies below it. */
    @nullable @utf8InCpp String path;
    /** Only refusals. */
    boolean denied;
    /** The first records after this number, which is where the last answer ended; 0 is the newest ones. */
    long after;
    /** At most so many. */
    int limit;
}
