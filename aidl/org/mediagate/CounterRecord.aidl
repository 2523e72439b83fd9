package org.mediagate;

/** One counter since the daemon started. */
parcelable CounterRecord {
    /** What is counted. */
    @utf8InCpp String name;
    /** How often. */
    long value;
}
