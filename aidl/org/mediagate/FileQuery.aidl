package org.mediagate;

/** Which files to find. */
parcelable FileQuery {
    /** Below this directory; empty is the whole volume. */
    @utf8InCpp String directory;
    /** Of these kinds, as FoundFile names them; none is all. */
    @utf8InCpp String[] kinds;
    /** In these states, as FoundFile names them; none is `normal` only. */
    @utf8InCpp String[] states;
    /** Written at this time or later, milliseconds since 1970; 0 does not restrict. */
    long since;
    /** Written before this time; 0 does not restrict. */
    long before;
    /** `next` of the page before; empty is the beginning. */
    @utf8InCpp String after;
    /** At most so many, 1 to 500. */
    int limit;
}
