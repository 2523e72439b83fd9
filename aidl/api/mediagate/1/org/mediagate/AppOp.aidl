// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable AppOp {
    @utf8InCpp String op;
    @utf8InCpp String mode;
}
