package org.mediagate;

import org.mediagate.Fact;

/** A decision and where it comes from. */
parcelable Explanation {
    /** Who would do it. */
    int uid;
    /** What would be done. */
    @utf8InCpp String operation;
    /** To what. */
    @utf8InCpp String path;
    /** Whether it would be allowed. */
    boolean allowed;
    /** How the file would be seen, `full` or `redacted`; null where it is refused. */
    @nullable @utf8InCpp String view;
    /** The rule that determined the verdict. */
    @utf8InCpp String rule;
    /** What the rule says, in one sentence. */
    @utf8InCpp String sentence;
    /** The symbolic errno of a refusal. */
    @nullable @utf8InCpp String errno;
    /** What the decision was made from; empty for a caller that does not administer. */
    Fact[] facts;
}
