// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable ScanProgress {
    long files;
    long directories;
    long read;
    long failed;
    long milliseconds;
}
