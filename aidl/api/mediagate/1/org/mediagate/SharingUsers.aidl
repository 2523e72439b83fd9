// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable SharingUsers {
    int one;
    int other;
}
