package org.mediagate;

import org.mediagate.AppOp;

/** A registered application. */
parcelable Application {
    /** Its package name. */
    @utf8InCpp String name;
    /** The uid that it runs as; several applications may share one. */
    int uid;
    /** Its target SDK; 0 keeps what is registered. */
    int targetSdk;
    /** What is granted, such as `READ_MEDIA_IMAGES`; null keeps what is registered. */
    @nullable @utf8InCpp String[] permissions;
    /** All app-ops that do not stand at their default; null keeps what is registered. */
    @nullable AppOp[] appOps;
}
