package org.mediagate;

/** A pending or trashed file whose time had come. */
parcelable MaintainedEntry {
    /** `removed`, `extended`, `busy` (somebody has it open for writing: it stays) or `failed`. */
    @utf8InCpp String outcome;
    /** Where it was, relative to its volume. */
    @utf8InCpp String path;
    /** The name of one that was extended. */
    @nullable @utf8InCpp String newName;
}
