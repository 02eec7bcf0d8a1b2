; The installer for one user: no administrator, nothing set as default, what the user made is left when it goes.
;
; Given by `cargo xtask dist`: VERSION, NUMBERS (four of them), KILOBYTES, STUB, ICON, OUTPUT and CONTENTS, a file with
; the macros INSTALL_FILES, REMOVE_FILES, WRITE_REGISTRY and REMOVE_REGISTRY.
;
; Without questions: `/S`, `/D=FOLDER` as the last word; the uninstaller takes `/S` and `/PURGE`, which removes models,
; library and settings too. Exit code 3: Recto was running and did not end within a minute.

Unicode true
Target ${STUB}
SetCompressor /SOLID lzma
SetCompressorDictSize 64
SetDateSave off
RequestExecutionLevel user
ManifestDPIAware true
ManifestSupportedOS Win10

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include "${CONTENTS}"

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Recto"
!define HELD 3

Name "Recto"
OutFile "${OUTPUT}"
BrandingText "Recto ${VERSION}"
InstallDir "$LOCALAPPDATA\Programs\Recto"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"
ShowInstDetails nevershow
ShowUninstDetails nevershow

VIProductVersion "${NUMBERS}"
VIAddVersionKey "ProductName" "Recto"
VIAddVersionKey "CompanyName" "The Recto contributors"
VIAddVersionKey "FileDescription" "Installs Recto"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "The Recto contributors, MIT or Apache-2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\recto.exe"
!define MUI_COMPONENTSPAGE_SMALLDESC
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; Waits until no program in the folder is running: one that runs cannot be written to. Asks, or waits a minute where
; nobody can be asked.
!macro WAIT_FOR_RECTO_TO_END WHERE
Function ${WHERE}WaitForRectoToEnd
  StrCpy $R0 0
  ${Do}
    StrCpy $R2 "ended"
    ${ForEach} $R3 0 1 + 1
      StrCpy $R4 "$INSTDIR\recto.exe"
      ${If} $R3 = 1
        StrCpy $R4 "$INSTDIR\recto.com"
      ${EndIf}
      ${If} ${FileExists} "$R4"
        ClearErrors
        FileOpen $R1 "$R4" a
        ${If} ${Errors}
          StrCpy $R2 "runs"
        ${Else}
          FileClose $R1
        ${EndIf}
      ${EndIf}
    ${Next}
    ${If} $R2 == "ended"
      Return
    ${EndIf}
    ${If} ${Silent}
      IntOp $R0 $R0 + 1
      ${If} $R0 > 120
        SetErrorLevel ${HELD}
        Quit
      ${EndIf}
      Sleep 500
    ${Else}
      MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION \
        "Recto is running. Close its window, then choose Retry." IDRETRY +3
      SetErrorLevel ${HELD}
      Quit
    ${EndIf}
  ${Loop}
FunctionEnd
!macroend
!insertmacro WAIT_FOR_RECTO_TO_END ""
!insertmacro WAIT_FOR_RECTO_TO_END "un."

; Tells Explorer that "Open with" has changed.
!define TELL_EXPLORER "System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'"

Section "Recto"
  SetShellVarContext current
  Call WaitForRectoToEnd
  ; What an older version had and this one has not would stay otherwise.
  ${If} ${FileExists} "$INSTDIR\uninstall.exe"
    ExecWait '"$INSTDIR\uninstall.exe" /S _?=$INSTDIR'
  ${EndIf}
  ClearErrors
  !insertmacro INSTALL_FILES
  SetOutPath "$INSTDIR"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Recto.lnk" "$INSTDIR\recto.exe"
  !insertmacro WRITE_REGISTRY
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Recto"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\recto.exe"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The Recto contributors"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${KILOBYTES}
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  ${TELL_EXPLORER}
  ${If} ${Errors}
    SetErrorLevel 1
    Abort "Some files could not be written."
  ${EndIf}
SectionEnd

Section "un.Recto" un.Program
  SectionIn RO
  SetShellVarContext current
  Call un.WaitForRectoToEnd
  !insertmacro REMOVE_REGISTRY
  DeleteRegKey HKCU "${UNINSTALL}"
  Delete "$SMPROGRAMS\Recto.lnk"
  Delete "$INSTDIR\uninstall.exe"
  !insertmacro REMOVE_FILES
  RMDir "$INSTDIR"
  ; Goes where nothing else is in it.
  RMDir "$LOCALAPPDATA\Programs"
  ${TELL_EXPLORER}
SectionEnd

Section /o "un.My models, library and settings" un.Data
  SetShellVarContext current
  RMDir /r "$APPDATA\recto"
  RMDir /r "$LOCALAPPDATA\recto"
SectionEnd

!insertmacro MUI_UNFUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${un.Program} "The program. Your reports themselves are never touched."
  !insertmacro MUI_DESCRIPTION_TEXT ${un.Data} "Models, what was asked and answered, and settings. They are kept unless this is ticked."
!insertmacro MUI_UNFUNCTION_DESCRIPTION_END

Function un.onInit
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/PURGE" $R1
  ${IfNot} ${Errors}
    SectionSetFlags ${un.Data} ${SF_SELECTED}
  ${EndIf}
FunctionEnd
