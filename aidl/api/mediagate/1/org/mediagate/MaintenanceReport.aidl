// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
import org.mediagate.MaintainedEntry;
parcelable MaintenanceReport {
    long removed;
    long extended;
    long busy;
    long failed;
    MaintainedEntry[] entries;
}
