package org.mediagate;

import org.mediagate.MaintainedEntry;

/** What a maintenance did. */
parcelable MaintenanceReport {
    /** Files that it removed. */
    long removed;
    /** Files that it gave more time. */
    long extended;
    /** Files that somebody has open for writing. */
    long busy;
    /** Files that could not be removed or renamed. */
    long failed;
    /** The first of them. */
    MaintainedEntry[] entries;
}
