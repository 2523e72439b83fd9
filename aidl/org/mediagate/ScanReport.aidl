package org.mediagate;

/** What a scan did. */
parcelable ScanReport {
    /** Files that it looked at. */
    long files;
    /** Directories that it walked. */
    long directories;
    /** Files whose content it read; the others were known. */
    long read;
    /** Rows that it made or changed. */
    long changed;
    /** Rows whose file was gone. */
    long removed;
    /** Files that could not be read. */
    long failed;
    /** Milliseconds that it took. */
    long milliseconds;
    /** Whether it was ended before it was through. */
    boolean cancelled;
}
