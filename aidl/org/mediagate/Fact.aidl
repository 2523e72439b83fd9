package org.mediagate;

/** One thing that a decision was made from. */
parcelable Fact {
    /** What it is, such as `owner`. */
    @utf8InCpp String name;
    /** Its value for a person. */
    @utf8InCpp String value;
    /** Where it is known from, for a person. */
    @utf8InCpp String source;
}
