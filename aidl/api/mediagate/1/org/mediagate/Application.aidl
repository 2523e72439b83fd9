// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
import org.mediagate.AppOp;
parcelable Application {
    @utf8InCpp String name;
    int uid;
    int targetSdk;
    @nullable @utf8InCpp String[] permissions;
    @nullable AppOp[] appOps;
}
