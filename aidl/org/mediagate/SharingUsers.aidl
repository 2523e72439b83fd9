package org.mediagate;

/** Two Android users who share media. */
parcelable SharingUsers {
    /** The smaller number. */
    int one;
    /** The larger number. */
    int other;
}
