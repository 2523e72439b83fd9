// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable ScanReport {
    long files;
    long directories;
    long read;
    long changed;
    long removed;
    long failed;
    long milliseconds;
    boolean cancelled;
}
