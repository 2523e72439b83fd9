package org.mediagate;

/** Something that an observer is told of. */
parcelable MediaEvent {
    /**
     * `created`, `changed` (a file was closed by a writer, or has other times), `removed`, `renamed`; `lost`: changes were
     * not told, because they came faster than the observer took them or are not known in detail: query again; `granted`,
     * `revoked`: a grant began or ended, for whatever reason; `answered`: a request was answered; `rights`: permissions or
     * app-ops of the application are others.
     */
    @utf8InCpp String what;
    /** Where, relative to the volume; empty where it is about no file. */
    @utf8InCpp String path;
    /** Where it is now, if it was renamed. */
    @nullable @utf8InCpp String newPath;
    /** Whether it is a directory: everything below it is renamed along. */
    boolean directory;
    /** The kind that the name of a file tells, as FoundFile names them; empty for all else. */
    @utf8InCpp String kind;
    /** The number of the grant or of the request; else 0. */
    long id;
    /** Of a grant: `read`, `write` or `selected`. Of an answer: `granted` or `refused`. */
    @utf8InCpp String detail;
}
