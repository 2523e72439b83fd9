package org.mediagate;

/** What an app-op of an application says of a permission. */
parcelable AppOp {
    /** The permission, such as `READ_MEDIA_IMAGES`. */
    @utf8InCpp String op;
    /** `allow`, `deny` or `default`. */
    @utf8InCpp String mode;
}
