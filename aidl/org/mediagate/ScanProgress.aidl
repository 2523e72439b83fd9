package org.mediagate;

/** How far a scan is. */
parcelable ScanProgress {
    /** Files that it looked at. */
    long files;
    /** Directories that it walked. */
    long directories;
    /** Files whose content it read; the others were known. */
    long read;
    /** Files that could not be read. */
    long failed;
    /** Milliseconds since it began. */
    long milliseconds;
}
