// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
import org.mediagate.Fact;
parcelable Explanation {
    int uid;
    @utf8InCpp String operation;
    @utf8InCpp String path;
    boolean allowed;
    @nullable @utf8InCpp String view;
    @utf8InCpp String rule;
    @utf8InCpp String sentence;
    @nullable @utf8InCpp String errno;
    Fact[] facts;
}
